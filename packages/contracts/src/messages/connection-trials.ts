import { Type, type Static } from 'typebox';
import { Id, Message, Nullable, SingleUseToken, Time } from './shapes.ts';

/**
 * What a trial of a connection finds, with what it says of it. Those of the first list keep people out, those of the second are worth
 * knowing. The codes are a public contract; those that begin with `auth.` and `tenants.` are what whoever signs in would be told.
 */
export const TRIAL_FAULTS = {
  'provider.refused': 'The provider let nobody in, and said why',
  'provider.unreachable': 'The provider cannot be reached as described',
  'provider.client_refused': 'The provider does not take the client id with its secret',
  'provider.code_refused': 'The provider did not redeem the code that it had given',
  'provider.answer_invalid': 'What the provider answered is not what was asked for, or not proved',
  'auth.email_unproved': 'There is no address that the provider vouches for',
  'auth.domain_unproved': 'The tenant has not proved the domain of the address',
  'auth.no_account': 'Nobody here is meant, and nobody is made',
  'auth.link_required': 'There is an account with this address, which its owner has to link',
  'auth.sign_in_refused': 'The deployment does not take addresses of this domain',
  'auth.client_not_allowed': 'The console does not serve this tenant',
  'tenants.user_limit_reached': 'The tenant has as many users as it may have',
} as const;
export const TRIAL_NOTES = {
  'connection.disabled': 'The connection is out of service',
  'provider.time_unsaid': 'The provider does not say when the person proved who they are',
  'provider.time_withheld':
    'The provider states when people prove who they are, and has not done so, though asked',
  'author.gone': 'Whoever changed the connection last holds nothing any more',
  'claims.groups_missing': 'The claim whose values are mapped to roles is not there',
  'mapping.unmatched': 'None of the values that are mapped to roles is there',
  'mapping.not_given': 'A role that is mapped could not be given',
} as const;
export type TrialFault = keyof typeof TRIAL_FAULTS;
export type TrialFinding = TrialFault | keyof typeof TRIAL_NOTES;

export const ReadTrial = Message({ token: SingleUseToken }, { $id: 'ReadTrial' });

const Text = Type.String({ examples: ['ada@example.com'] });

export const ConnectionTrial = Message(
  {
    connectionId: Id,
    triedAt: Time,
    enters: Type.Boolean({
      description: 'Whether somebody who signs in like this comes in, were the connection in service.',
    }),
    findings: Type.Array(
      Message({
        code: Type.String({
          enum: [...Object.keys(TRIAL_FAULTS), ...Object.keys(TRIAL_NOTES)],
          examples: ['auth.domain_unproved'],
        }),
        keepsOut: Type.Boolean({ description: 'Whether nobody comes in because of it.' }),
        detail: Nullable(
          Type.String({ description: 'For somebody who knows the provider.', examples: [null] }),
        ),
      }),
      { description: 'What is wrong, or worth knowing.' },
    ),
    claims: Type.Array(
      Message({
        name: Type.String({ examples: ['email'] }),
        value: Type.String({
          description: 'As a text, or as JSON; cut after 1,000 characters.',
          examples: ['ada@example.com'],
        }),
      }),
      { description: 'What the provider said, but for what is a secret of the sign-in itself.' },
    ),
    identity: Nullable(
      Message(
        {
          issuer: Text,
          subject: Type.String({
            description: 'The provider’s own word for the person, by which they are found again.',
            examples: ['8f3a2c'],
          }),
          email: Nullable(Text),
          name: Nullable(Text),
          emailVerified: Type.Boolean({ description: 'The provider says that the address is the person’s.' }),
          emailCounts: Type.Boolean({ description: 'The address is taken as proved.' }),
          links: Type.Boolean({
            description:
              'The provider’s word is enough to enter an account with this address that stands already.',
          }),
        },
        { description: 'Whom the answer means; null where there was none that counts.' },
      ),
    ),
    user: Nullable(
      Message({
        is: Type.String({
          enum: ['linked', 'found', 'new'],
          description:
            '`linked`: known by the provider’s word. `found`: by the address, and linked from the first sign-in on. `new`: made at that. Id and address of somebody who is a user already are null for whoever may not see users (`users:read`).',
        }),
        id: Nullable(Id),
        email: Nullable(Text),
      }),
    ),
    roles: Type.Array(
      Message({
        value: Type.String({ examples: ['noc'] }),
        role: Type.String({ examples: ['NOC_OPERATOR'] }),
        given: Type.Boolean({ description: 'Whether the person would hold the role.' }),
      }),
      { description: 'What the mapping makes of the claim.' },
    ),
  },
  { $id: 'ConnectionTrial' },
);
export type ConnectionTrial = Static<typeof ConnectionTrial>;
