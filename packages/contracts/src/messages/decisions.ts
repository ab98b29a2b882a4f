import { Type, type Static, type TSchema } from 'typebox';
import { Id, Message, Nullable, Time } from './shapes.ts';

/**
 * Messages of the AuthZEN Authorization API 1.0. Members that it does not know are ignored there, unlike everywhere else: it says so, and
 * later versions add some.
 */
const Open = <const P extends Record<string, TSchema>>(properties: P) =>
  Type.Object(properties, { additionalProperties: true });
const Attributes = Type.Record(Type.String(), Type.Unknown());
const Text = Type.String({ maxLength: 1000 });
const Entity = {
  type: Type.String({ minLength: 1, maxLength: 200, examples: ['users'] }),
  id: Type.String({ minLength: 1, maxLength: 1000, examples: ['7'] }),
  properties: Type.Optional(Attributes),
};
const Action = Open({
  name: Type.String({ minLength: 1, maxLength: 200, examples: ['read'] }),
  properties: Type.Optional(Attributes),
});
const EXAMPLE = {
  subject: { type: 'user', id: '0199a5f0-5c1e-7b7a-9d6a-3f2f7c0f1a11' },
  action: { name: 'read' },
  resource: { type: 'tickets', id: '7' },
};

/** What is asked of one decision. */
export interface Evaluation {
  subject: { type: string; id: string; properties?: Record<string, unknown> };
  action: { name: string; properties?: Record<string, unknown> };
  resource: { type: string; id: string; properties?: Record<string, unknown> };
  context?: Record<string, unknown>;
}
export const EvaluationRequest = Type.Unsafe<Evaluation>(
  Type.Object(
    {
      subject: Open(Entity),
      action: Action,
      resource: Open(Entity),
      context: Type.Optional(Attributes),
    },
    { additionalProperties: true, $id: 'EvaluationRequest', examples: [EXAMPLE] },
  ),
);

/** Many at once; what is left away of one is taken from the top. A single question where `evaluations` is missing or empty. */
export interface Evaluations extends Partial<Evaluation> {
  evaluations?: Partial<Evaluation>[];
  options?: { evaluations_semantic?: string };
}
export const EvaluationsRequest = Type.Unsafe<Evaluations>(
  Type.Object(
    {
      subject: Type.Optional(Type.Object({}, { additionalProperties: true })),
      action: Type.Optional(Type.Object({}, { additionalProperties: true })),
      resource: Type.Optional(Type.Object({}, { additionalProperties: true })),
      context: Type.Optional(Attributes),
      evaluations: Type.Optional(
        Type.Array(Type.Object({}, { additionalProperties: true }), {
          maxItems: 100,
          examples: [
            [{ resource: { type: 'tickets', id: '7' } }, { resource: { type: 'tickets', id: '8' } }],
          ],
        }),
      ),
      options: Type.Optional(
        Type.Object(
          {
            evaluations_semantic: Type.Optional(
              Type.String({ enum: ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] }),
            ),
          },
          { additionalProperties: true },
        ),
      ),
    },
    { additionalProperties: true, $id: 'EvaluationsRequest', examples: [EXAMPLE] },
  ),
);

const decision = {
  decision: Type.Boolean(),
  context: Type.Optional(
    Message({
      version: Type.Optional(Type.String({ description: 'Of the bundle that decided.' })),
      reason_admin: Type.Optional(Message({ en: Text })),
      reason_user: Type.Optional(Message({ en: Text })),
      reasons: Type.Optional(
        Type.Array(Attributes, {
          description: 'The same for programs: roles, and rules by policy and version.',
        }),
      ),
      error: Type.Optional(Message({ status: Type.Integer(), message: Text })),
    }),
  ),
};
export const EvaluationResponse = Message(decision, { $id: 'EvaluationResponse' });
export type EvaluationResponse = Static<typeof EvaluationResponse>;
export const EvaluationsResponse = Type.Object(
  {
    decision: Type.Optional(Type.Boolean({ description: 'Where a single question was asked.' })),
    context: Type.Optional(decision.context),
    evaluations: Type.Optional(Type.Array(Message(decision))),
  },
  { additionalProperties: false, $id: 'EvaluationsResponse' },
);
export type EvaluationsResponse = Static<typeof EvaluationsResponse>;

export const DecisionPointMetadata = Message(
  {
    policy_decision_point: Type.String({ examples: ['https://id.example.com'] }),
    access_evaluation_endpoint: Type.String({ examples: ['https://id.example.com/access/v1/evaluation'] }),
    access_evaluations_endpoint: Type.String({ examples: ['https://id.example.com/access/v1/evaluations'] }),
  },
  { $id: 'DecisionPointMetadata' },
);

export const LoggedDecision = Message(
  {
    id: Id,
    time: Time,
    principalId: Nullable(Id),
    permission: Type.String(),
    resource: Type.String(),
    decision: Type.String({ enum: ['permit', 'deny'] }),
    reason: Type.String(),
    policyVersion: Type.String(),
    correlationId: Type.String(),
  },
  { $id: 'LoggedDecision' },
);
export type LoggedDecision = Static<typeof LoggedDecision>;
