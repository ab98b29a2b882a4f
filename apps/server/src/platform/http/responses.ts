import { ERRORS, type ErrorCode, Problem as ProblemSchema } from '@gatehouse/contracts';
import { Type } from 'typebox';

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

const exampleOf = (code: ErrorCode) => ({
  type: 'about:blank',
  title: ERRORS[code].title,
  status: ERRORS[code].status,
  code,
  detail: ERRORS[code].title,
  correlationId: '4bf92f3577b34da6a3ce929d0e0e4736',
});
