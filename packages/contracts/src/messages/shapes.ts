import { Type, type Static, type TSchema } from 'typebox';

/**
 * Control and bidirectional characters, and those that show nothing: they make one name look like another (UTR 36). A blank
 * Braille cell is a symbol to Unicode, and nothing to see.
 */
const UNFIT = String.raw`\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2800\ufff9-\ufffb\p{Default_Ignorable_Code_Point}`;
/** A letter, a number, punctuation or a symbol: what a name needs one of. */
const VISIBLE = String.raw`\p{L}\p{N}\p{P}\p{S}`;
export const PLAIN_TEXT = `^[^${UNFIT}]*$`;

/** A message: unknown fields are refused, so that a field that is not declared can neither enter nor leak. */
export const Message = <const P extends Record<string, TSchema>>(
  properties: P,
  options: { $id?: string; description?: string; examples?: unknown[] } = {},
) => Type.Object(properties, { additionalProperties: false, ...options });

export const Id = Type.String({
  pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  description: 'A UUID (version 7), in lower case.',
  examples: ['0199a5f0-5c1e-7b7a-9d6a-3f2f7c0f1a11'],
});
export const Time = Type.String({
  description: 'RFC 3339, UTC, in milliseconds.',
  examples: ['2026-11-21T09:30:00.000Z'],
});
/** What no part of a host name is: of ASCII, all but letters and digits (the hyphen has its own places). */
const UNFIT_IN_HOST = String.raw`\s\u0000-\u002c\u002e\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f${UNFIT}`;
/** A label (RFC 1035, RFC 5890): 63 characters at most, and no hyphen at either end. */
const LABEL = `[^${UNFIT_IN_HOST}-](?:[^${UNFIT_IN_HOST}]{0,61}[^${UNFIT_IN_HOST}-])?`;
const LOCAL = String.raw`[^\s@<>()\[\]\\,;:"${UNFIT}]{1,64}`;
const EMAIL = String.raw`^${LOCAL}@(?:${LABEL}\.)*${LABEL}\.?$`;
export const Email = Type.String({
  minLength: 3,
  maxLength: 254,
  pattern: EMAIL,
  format: 'idn-email',
  description:
    'One email address, whose domain is a host name: labels of 63 octets at most, in ASCII (RFC 1035, 5891).',
  examples: ['ada@example.com'],
});
/** Whether a text has the form of one address. The server looks at the domain in its ASCII form as well (`isAddress`). */
export const isEmail = (text: string): boolean => text.length <= 254 && new RegExp(EMAIL, 'u').test(text);
// What shows nothing by itself, something to see, then anything: the first two parts take no character in common, so that no input
// makes it slow.
const NAME = `^[^${VISIBLE}${UNFIT}]*(?=[${VISIBLE}])[^${UNFIT}]+$`;
const NAME_LENGTH = 200;
export const Name = Type.String({
  minLength: 1,
  maxLength: NAME_LENGTH,
  pattern: NAME,
  description:
    'A name as people write it, with something to see in it; control, bidirectional and invisible characters are refused.',
  examples: ['Ada Lovelace'],
});
/** Whether a text could be the name of somebody. */
export const isName = (text: string): boolean =>
  [...text].length <= NAME_LENGTH && new RegExp(NAME, 'u').test(text);
/** Longer than any allowed password, so that the answer for a long one is the password's own code. */
export const Password = Type.String({
  minLength: 1,
  maxLength: 1024,
  description: 'At most 72 bytes in UTF-8 (bcrypt); longer ones are refused with `password.too_long`.',
  examples: ['Correct-Horse-7'],
});
export const ClientId = Type.String({
  pattern: '^[a-z0-9][a-z0-9-]{0,62}$',
  description: "A client's client_id; it names the client's cookies, too.",
  examples: ['console'],
});
export const SingleUseToken = Type.String({
  minLength: 20,
  maxLength: 200,
  pattern: '^[A-Za-z0-9_.-]+$',
  description: "The token of a mailed link, as it stands in the link's fragment.",
  examples: ['AZmp8Fwee3qdaj8vfA8aEQ.mMLAo9v2b7k0uTqkP9B3jvJ8x0WZl9p1uTqkP9B3jvI'],
});
const ROLE_NAME = '^[A-Za-z][A-Za-z0-9_-]*$';
export const RoleName = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: ROLE_NAME,
  examples: ['SUPPORT_AGENT'],
});
/** Whether a text could be the name of a role. */
export const isRoleName = (text: string): boolean => text.length <= 64 && new RegExp(ROLE_NAME).test(text);
export const ClientSelector = Type.Optional(ClientId);

export const Problem = Message(
  {
    type: Type.String({ examples: ['about:blank'] }),
    title: Type.String({ examples: ['The request is not valid'] }),
    status: Type.Integer({ examples: [400] }),
    code: Type.String({ description: 'Stable; match this, never the words.', examples: ['request.invalid'] }),
    detail: Type.String({ examples: ['body/email must match the form of an email address'] }),
    correlationId: Type.String({
      description: 'The trace id; it is in the log and in the audit record.',
      examples: ['4bf92f3577b34da6a3ce929d0e0e4736'],
    }),
    errors: Type.Optional(
      Type.Array(
        Message({
          path: Type.String({ examples: ['/email'] }),
          message: Type.String({ examples: ['must be a string'] }),
        }),
      ),
    ),
    missingPermission: Type.Optional(Type.String({ examples: ['users:read'] })),
  },
  { $id: 'Problem', description: 'RFC 9457 problem details.' },
);
export type Problem = Static<typeof Problem>;

/** A page of a list (keyset pagination): `nextCursor` is null on the last page. */
export const Page = <T extends TSchema>(item: T) =>
  Message({
    items: Type.Array(item),
    nextCursor: Type.Union([Type.String(), Type.Null()], {
      description: 'Pass it as `cursor` for the next page.',
    }),
  });
/** What a list is asked: which page of it, and the list's own filters and order. */
export const PageQuery = <const P extends Record<string, TSchema>>(filters: P = {} as P) =>
  Message({
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'Items a page.' }),
    ),
    cursor: Type.Optional(
      Type.String({
        maxLength: 1000,
        pattern: '^[A-Za-z0-9_.-]+$',
        description: '`nextCursor` of the page before.',
      }),
    ),
    ...filters,
  });
export interface PageQuery {
  limit?: number;
  cursor?: string;
}
export const sortBy = <const F extends string>(...fields: F[]) =>
  Type.Optional(
    Type.String({
      enum: fields.flatMap((f) => [f, `-${f}`]),
      description: `One of ${fields.join(', ')}; a leading minus sorts descending.`,
    }),
  );
export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const Nothing = Type.Object({}, { additionalProperties: false });
