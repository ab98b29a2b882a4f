import { language } from '../text.ts';

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 7],
  ['week', 5],
];

/** "3 minutes ago", in the reader's language. Beyond some weeks it is a date. */
export function sinceInWords(time: string, now = Date.now()): string {
  let amount = (Date.parse(time) - now) / 1000;
  const words = new Intl.RelativeTimeFormat(language(), { numeric: 'auto' });
  for (const [unit, size] of steps) {
    if (Math.abs(amount) < size) return words.format(Math.round(amount), unit);
    amount /= size;
  }
  return new Intl.DateTimeFormat(language(), { dateStyle: 'medium' }).format(Date.parse(time));
}

/** A moment in the reader's zone, with the exact UTC time on hover. */
export function Time({ at, form = 'exact' }: { at: string; form?: 'exact' | 'minute' | 'since' | 'date' }) {
  const exact = new Intl.DateTimeFormat(language(), {
    dateStyle: 'medium',
    ...(form === 'exact' && { timeStyle: 'medium' }),
    ...(form === 'minute' && { timeStyle: 'short' }),
  });
  return (
    <time dateTime={at} title={`${at.replace('T', ' ').replace('Z', '')} UTC`}>
      {form === 'since' ? sinceInWords(at) : exact.format(Date.parse(at))}
    </time>
  );
}
