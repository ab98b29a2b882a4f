/**
 * What a provider calls somebody, to be shown.
 *
 * SECURITY: without line breaks and without the signs that turn the direction of text, by which it could read as something else.
 */
export const inOneLine = (text: string): string =>
  text
    .replaceAll(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()
    .slice(0, 200);
