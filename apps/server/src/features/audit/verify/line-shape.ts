import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { ExportLine } from '../export/line.ts';

const line = <P extends Parameters<typeof Type.Object>[0]>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const Strings = Type.Array(Type.String());

/**
 * SECURITY: a file comes from whoever wants it to be believed. A member that no line has is not covered by any proof, and
 * would be read by somebody all the same; so a line has what a line has and nothing beside it.
 */
const shapes = {
  export: Compile(
    line({
      kind: Type.String(),
      version: Type.Literal(1),
      origin: Type.String(),
      tenantId: Type.String(),
      exportedAt: Type.String(),
      filter: Type.Union([Type.Null(), Type.Record(Type.String(), Type.String())]),
      from: Count,
      to: Count,
      checkpoint: Type.Union([Type.Null(), Type.String()]),
      consistency: Strings,
      retention: Type.Optional(line({ checkpoint: Type.String(), frontier: Strings })),
    }),
  ),
  record: Compile(
    line({
      kind: Type.String(),
      seq: Count,
      id: Type.String(),
      hash: Type.String(),
      // Judged by its hash, whatever it is.
      entry: Type.Unknown(),
      personal: Type.Record(
        Type.String(),
        line({ field: Type.String(), salt: Type.String(), value: Type.String() }),
      ),
      proof: Type.Optional(Strings),
    }),
  ),
  missing: Compile(line({ kind: Type.String(), seq: Count, id: Type.String() })),
  block: Compile(line({ kind: Type.String(), first: Count, ids: Strings, hashes: Strings, proof: Strings })),
  end: Compile(line({ kind: Type.String(), records: Count })),
};

export function isLine(value: unknown): value is ExportLine {
  if (typeof value !== 'object' || value === null) return false;
  const { kind } = value as { kind?: unknown };
  return (
    typeof kind === 'string' &&
    Object.hasOwn(shapes, kind) &&
    shapes[kind as keyof typeof shapes].Check(value)
  );
}
