import type { Me } from '@gatehouse/browser';

/** What a tenant has set of how its people write times. */
export type Region = Pick<Me['tenant'], 'locale' | 'dateFormat'>;

/**
 * A moment in the reader's zone: the day as the tenant writes days, the hour as its language writes hours.
 *
 * The order of a day is not left to the language: `en` alone has two, and the tenant has said which.
 */
export function writeTime(
  at: string | number | Date,
  { locale, dateFormat }: Region,
  clock?: 'short' | 'medium',
): string {
  const moment = new Date(at);
  // Digits of one kind on both sides: a language may have its own.
  const latin = new Intl.Locale(locale, { numberingSystem: 'latn' });
  const parts = new Intl.DateTimeFormat('en', { year: 'numeric', month: '2-digit', day: '2-digit' })
    .formatToParts(moment)
    .reduce<Record<string, string>>((all, { type, value }) => ({ ...all, [type]: value }), {});
  const day = dateFormat
    .replace('YYYY', parts.year ?? '')
    .replace('MM', parts.month ?? '')
    .replace('DD', parts.day ?? '');
  if (clock === undefined) return day;
  return `${day} ${new Intl.DateTimeFormat(latin, { timeStyle: clock }).format(moment)}`;
}
