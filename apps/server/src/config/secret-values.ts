import { SETTINGS } from './schema.ts';

/** Shorter ones would be found in ordinary words. */
const SHORTEST = 4;

/**
 * Every secret that the settings hold, in each form in which it may turn up elsewhere: as it stands, an item of a list, the
 * password of a URL, the value of a header.
 */
export function secretValues(config: object): string[] {
  const values = config as Record<string, unknown>;
  const found = Object.entries(SETTINGS).flatMap(([key, { secret }]) => (secret ? formsOf(values[key]) : []));
  // Longer ones first: what is part of another must not leave the rest of it standing.
  return [...new Set(found)].filter((each) => each.length >= SHORTEST).sort((a, b) => b.length - a.length);
}

function formsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(formsOf);
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(formsOf);
  if (typeof value !== 'string') return [];
  const { password } = URL.canParse(value) ? new URL(value) : { password: '' };
  return [value, password, decoded(password)];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
