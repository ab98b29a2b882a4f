import type { Problem } from './messages.ts';

/** An answer of Gatehouse that is an error, with its problem details. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;
  /** Seconds to wait before trying again, from `Retry-After`; `null` where the server named none. */
  readonly retryAfter: number | null;

  constructor(problem: Problem, retryAfter: number | null) {
    super(problem.detail ?? problem.title);
    this.problem = problem;
    this.retryAfter = retryAfter;
  }

  get status(): number {
    return this.problem.status;
  }

  get code(): string {
    return this.problem.code;
  }
}

/**
 * Reads the problem details of an error answer. An answer that carries none (a proxy's page, an empty body) becomes
 * one with the code `http.<status>`, so that callers have one shape to handle.
 *
 * @example
 * ```ts
 * const response = await gatehouse.fetch('/api/v1/users');
 * if (!response.ok) throw await readProblem(response);
 * ```
 */
export async function readProblem(response: Response): Promise<ProblemError> {
  const fallback = {
    title: response.statusText || `HTTP ${response.status}`,
    status: response.status,
    code: `http.${response.status}`,
  };
  const body: unknown = await response.json().catch(() => null);
  const problem = isProblem(body) ? body : fallback;
  return new ProblemError(problem, retryAfterSeconds(response));
}

/**
 * The `Retry-After` of an answer in seconds, from either form of RFC 9110 §10.2.3 (seconds, or a date).
 *
 * @returns `null` when the header is missing or cannot be read; never less than zero.
 */
export function retryAfterSeconds(response: Response, now: number = Date.now()): number | null {
  const value = response.headers.get('retry-after')?.trim();
  if (!value) return null;
  if (/^\d+$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, Math.ceil((date - now) / 1000));
}

function isProblem(value: unknown): value is Problem {
  if (typeof value !== 'object' || value === null) return false;
  const { code, title, status } = value as Record<string, unknown>;
  return typeof code === 'string' && typeof title === 'string' && typeof status === 'number';
}
