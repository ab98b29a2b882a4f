import { ERRORS, type ErrorCode, Page, Problem as ProblemSchema } from '@gatehouse/contracts';
import { type TSchema, Type } from 'typebox';

/**
 * The error answers of an operation for its schema, by status, each with its codes and an example: the OpenAPI document
 * is complete because the routes are.
 */
export function problems(...codes: ErrorCode[]): Record<number, ReturnType<typeof Type.Unsafe>> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codes)
    byStatus.set(ERRORS[code].status, [...(byStatus.get(ERRORS[code].status) ?? []), code]);
  return Object.fromEntries(
    [...byStatus].map(([status, of]) => [
      status,
      Type.Unsafe({
        description: of.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join('. '),
        content: {
          'application/problem+json': {
            schema: { ...ProblemSchema, $id: undefined, examples: of.map(exampleOf) },
          },
        },
      }),
    ]),
  );
}

/** The answers of a list (`PageQuery` is its question): a page of items, and what can be wrong with every list and with this one. */
export const pageOf = <T extends TSchema>(item: T, ...codes: ErrorCode[]) => ({
  200: Page(item),
  ...problems('request.invalid', 'request.cursor_invalid', 'auth.unauthenticated', ...codes),
});

const exampleOf = (code: ErrorCode) => ({
  type: 'about:blank',
  title: ERRORS[code].title,
  status: ERRORS[code].status,
  code,
  detail: ERRORS[code].title,
  correlationId: '4bf92f3577b34da6a3ce929d0e0e4736',
});
