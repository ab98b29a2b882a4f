import { describe, expect, it } from 'vitest';
import { writeTime } from './region.ts';

// A moment of the reader's zone, whichever that is.
const evening = new Date(2026, 2, 4, 21, 5, 9);
const thin = (text: string) => text.replaceAll(/\s/g, ' ');

describe('a time', () => {
  it.each([
    ['YYYY-MM-DD', '2026-03-04'],
    ['DD.MM.YYYY', '04.03.2026'],
    ['DD/MM/YYYY', '04/03/2026'],
    ['MM/DD/YYYY', '03/04/2026'],
  ])('has its day as the tenant writes it: %s', (dateFormat, day) => {
    expect(writeTime(evening, { locale: 'en', dateFormat })).toBe(day);
    expect(writeTime(evening.toISOString(), { locale: 'de-CH', dateFormat })).toBe(day);
  });

  it.each([
    ['en', '9:05 PM', '9:05:09 PM'],
    ['en-GB', '21:05', '21:05:09'],
    ['de-CH', '21:05', '21:05:09'],
    ['ar-EG', '9:05 م', '9:05:09 م'],
  ])('has its hour as the language %s writes it, in digits of one kind', (locale, short, medium) => {
    const region = { locale, dateFormat: 'DD.MM.YYYY' };
    expect(thin(writeTime(evening, region, 'short'))).toBe(`04.03.2026 ${short}`);
    expect(thin(writeTime(evening, region, 'medium'))).toBe(`04.03.2026 ${medium}`);
  });
});
