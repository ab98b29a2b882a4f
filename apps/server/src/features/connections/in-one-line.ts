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

const SHORT = 60;

/**
 * The same where a page asks something of its reader, who sees it in quotes.
 *
 * SECURITY: whoever chose it may be a stranger, and write what the reader should do: it is cut, and does not leave the quotes.
 */
export function calledShortly(text: string): string {
  const signs = [...inOneLine(text.replaceAll(/["“”„‟«»]/gu, ''))];
  return signs.length <= SHORT ? signs.join('') : `${signs.slice(0, SHORT - 1).join('')}…`;
}
