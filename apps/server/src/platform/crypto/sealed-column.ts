/**
 * A column of sealed values, described by whoever seals them, so that they can be sealed again under another key. Every column
 * whose name ends in `_sealed` is one; a test compares.
 */
export interface SealedColumn {
  readonly table: string;
  readonly column: string;
  /** The primary key in its order, with types. */
  readonly key: Readonly<Record<string, 'uuid' | 'text' | 'boolean'>>;
  /** What the context needs beside the key. */
  readonly also?: readonly string[];
  /** What `seal` was given; every value comes as text. */
  context(row: Readonly<Record<string, string>>): string;
}
