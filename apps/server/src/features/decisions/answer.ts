import type { EvaluationResponse } from '@gatehouse/contracts';
import type { Decision } from '@gatehouse/decisions';
import { sayReasons } from './say-reason.ts';

/** An answer, and its JSON: written once for each decision of a model, which is the same object for many questions. */
export interface Answer {
  readonly decision: boolean;
  readonly json: string;
}

const DENIED = { en: 'You may not do this. Ask an administrator of your organisation.' };
export const UNKNOWN_SUBJECT = 'nobody of this type and id stands in the tenant';

const written = new WeakMap<Decision, Answer>();

/** A decision as AuthZEN's answers have it. A decision belongs to one model, and so to one version. */
export function answerOf(decision: Decision, version: string): Answer {
  let answer = written.get(decision);
  if (answer === undefined) {
    answer = write({
      decision: decision.decision,
      context: {
        version,
        reason_admin: { en: sayReasons(decision) },
        ...(!decision.decision && { reason_user: DENIED }),
        reasons: decision.reasons as unknown as Record<string, unknown>[],
      },
    });
    written.set(decision, answer);
  }
  return answer;
}

export const unknownSubject = (version: string): Answer =>
  write({
    decision: false,
    context: {
      version,
      reason_admin: { en: UNKNOWN_SUBJECT },
      reason_user: DENIED,
      reasons: [{ kind: 'unknown_subject' }],
    },
  });

/** Of a question in a batch that lacks something. */
export const faulty = (message: string): Answer =>
  write({ decision: false, context: { error: { status: 400, message } } });

const write = (response: EvaluationResponse): Answer => ({
  decision: response.decision,
  json: JSON.stringify(response),
});
