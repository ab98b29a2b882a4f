import { ERRORS, type ErrorCode } from '@gatehouse/contracts';
import { Told } from '../told.ts';

export interface ProblemOptions {
  /** What was wrong, where, and what to do, for the person who reads it. Nothing internal. */
  detail?: string;
  /** Seconds after which to try again; becomes `Retry-After` (RFC 9110 §10.2.3). */
  retryAfter?: number;
  errors?: { path: string; message: string }[];
  missingPermission?: string;
  headers?: Record<string, string>;
  cause?: unknown;
}

/** An answer of the error catalogue, thrown from anywhere and turned into RFC 9457 problem details at the edge. */
export class Problem extends Told {
  readonly code: ErrorCode;
  readonly options: ProblemOptions;
  readonly status: number;
  constructor(code: ErrorCode, options: ProblemOptions = {}) {
    super(options.detail ?? ERRORS[code].title, { cause: options.cause });
    this.code = code;
    this.options = options;
    this.status = ERRORS[code].status;
  }
}

/** The problem document of RFC 9457 §3.1. */
export function toDocument(problem: Problem, correlationId: string) {
  const { detail, errors, missingPermission } = problem.options;
  return {
    type: 'about:blank',
    title: ERRORS[problem.code].title,
    status: problem.status,
    code: problem.code,
    detail: detail ?? ERRORS[problem.code].title,
    correlationId,
    ...(errors && { errors }),
    ...(missingPermission !== undefined && { missingPermission }),
  };
}
