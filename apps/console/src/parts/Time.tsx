import { type Region, writeTime } from '../region.ts';
import { useMe } from '../session.ts';
import { language } from '../text.ts';

const steps: [Intl.RelativeTimeFormatUnit, number][] = [
  ['second', 60],
  ['minute', 60],
  ['hour', 24],
  ['day', 7],
  ['week', 5],
];
const clocks = { exact: 'medium', minute: 'short', date: undefined } as const;

/** "3 minutes ago", in the language of the page. Beyond some weeks it is a date. */
function sinceInWords(time: string, region: Region): string {
  let amount = (Date.parse(time) - Date.now()) / 1000;
  const words = new Intl.RelativeTimeFormat(language(), { numeric: 'auto' });
  for (const [unit, size] of steps) {
    if (Math.abs(amount) < size) return words.format(Math.round(amount), unit);
    amount /= size;
  }
  return writeTime(time, region);
}

/** A moment in the reader's zone, written as the tenant has set, with the exact UTC time on hover. */
export function Time({ at, form = 'exact' }: { at: string; form?: 'exact' | 'minute' | 'since' | 'date' }) {
  const region = useMe()?.tenant ?? { locale: language(), dateFormat: 'YYYY-MM-DD' };
  return (
    <time dateTime={at} title={`${at.replace('T', ' ').replace('Z', '')} UTC`}>
      {form === 'since' ? sinceInWords(at, region) : writeTime(at, region, clocks[form])}
    </time>
  );
}
