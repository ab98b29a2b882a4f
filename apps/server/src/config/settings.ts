import { readFileSync } from 'node:fs';

/** One environment setting: how it is read, what it means, what it defaults to. The reference is generated from these. */
export interface Setting<T> {
  name: string;
  description: string;
  /** Shown in the reference; secrets have none. */
  defaultText: string;
  secret: boolean;
  parse(text: string | undefined): T;
}

type Options<T> = { description: string; defaultText?: string; default?: T; secret?: boolean };

/** Thrown by a parser with what is wrong with the value, never with the value itself. */
export class SettingFault extends Error {}

function setting<T>(name: string, options: Options<T>, read: (text: string) => T): Setting<T | undefined> {
  return {
    name,
    description: options.description,
    defaultText: options.defaultText ?? (options.default === undefined ? '' : String(options.default)),
    secret: options.secret ?? false,
    parse: (text) => (text === undefined || text === '' ? options.default : read(text)),
  };
}

export const text = (
  name: string,
  options: Options<string> & { form?: { pattern: RegExp; fault: string } },
) =>
  setting(name, options, (value) => {
    if (options.form && !options.form.pattern.test(value)) throw new SettingFault(options.form.fault);
    return value;
  });

export const required = <T>(it: Setting<T | undefined>): Setting<T> => it as Setting<T>;

export const integer = (name: string, options: Options<number> & { min: number; max: number }) =>
  setting(name, options, (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < options.min || number > options.max) {
      throw new SettingFault(`must be a whole number from ${options.min} to ${options.max}`);
    }
    return number;
  });

export const oneOf = <const V extends string>(name: string, options: Options<V> & { values: readonly V[] }) =>
  setting<V>(name, options, (value) => {
    const found = options.values.find((v) => v === value.toLowerCase());
    if (found === undefined) throw new SettingFault(`must be one of ${options.values.join(', ')}`);
    return found;
  });

export const list = (name: string, options: Options<string[]>, check: (item: string) => string) =>
  setting<string[]>(name, options, (value) =>
    value
      .split(/[\s,]+/)
      .filter((item) => item !== '')
      .map(check),
  );

export const url = (name: string, options: Options<string>, protocols: readonly string[]) =>
  setting<string>(name, options, (value) => {
    if (!URL.canParse(value)) throw new SettingFault('must be a URL');
    if (!protocols.includes(new URL(value).protocol)) {
      throw new SettingFault(`must begin with ${protocols.map((p) => `${p}//`).join(' or ')}`);
    }
    return value;
  });

/** An origin as browsers send it: scheme, host and port, nothing after. */
export function checkOrigin(value: string): string {
  // A wildcard would match nothing, since origins are compared as they stand.
  if (!URL.canParse(value) || new URL(value).origin !== value.replace(/\/$/, '') || value.includes('*')) {
    throw new SettingFault('must be origins such as https://app.example.com, separated by commas');
  }
  return new URL(value).origin;
}

/** How somebody can be reached (RFC 9116 §2.5.3). */
export function checkContact(value: string): string {
  const isMail = /^mailto:[^\s@,]+@[^\s@,]+\.[^\s@,]+$/.test(value);
  if (!isMail && !(URL.canParse(value) && new URL(value).protocol === 'https:'))
    throw new SettingFault('must be mailto: or https: addresses, separated by commas');
  return value;
}

/** `NAME`, or the content of the file that `NAME_FILE` names (spec P5). */
export function readRaw(
  env: Record<string, string | undefined>,
  it: { name: string; secret: boolean },
): string | undefined {
  const file = it.secret ? env[`${it.name}_FILE`] : undefined;
  if (file === undefined || file === '') return env[it.name];
  if (env[it.name]) throw new SettingFault(`is set twice: here and as ${it.name}_FILE`);
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch {
    throw new SettingFault(`names a file in ${it.name}_FILE that cannot be read`);
  }
}
