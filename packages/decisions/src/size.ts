/** How large a request is: what conditions compare and search costs by its length, which no policy can bound. */
import { LIMITS } from './limits.ts';
import type { DecisionRequest } from './request.ts';

/**
 * Whether a request is small enough to be judged by rules.
 *
 * SECURITY: one search in a text takes as long as the text is, and a rule may do it for each element of a list. Stops counting at the
 * bound, and does not go deeper than conditions may look.
 */
export function isJudgeable({ subject, action, resource, context }: DecisionRequest): boolean {
  if (subject.id.length > LIMITS.textLength || resource.id.length > LIMITS.textLength) return false;
  let left: number = LIMITS.requestSize;
  for (const attributes of [subject.properties, action.properties, resource.properties, context]) {
    if (attributes === undefined) continue;
    left -= sizeOf(attributes, left, 0);
    if (left < 0) return false;
  }
  return true;
}

/** Of a value with all that is in it; where it is more than `left`, any number above that. */
function sizeOf(value: unknown, left: number, depth: number): number {
  if (typeof value === 'string') return LIMITS.valueSize + textSize(value);
  let size: number = LIMITS.valueSize;
  if (typeof value !== 'object' || value === null || depth > LIMITS.attributeDepth) return size;
  if (Array.isArray(value)) {
    for (const element of value as readonly unknown[]) {
      size += sizeOf(element, left - size, depth + 1);
      if (size > left) return size;
    }
    return size;
  }
  for (const [name, member] of Object.entries(value)) {
    size += textSize(name) + sizeOf(member, left - size, depth + 1);
    if (size > left) return size;
  }
  return size;
}

const textSize = ({ length }: string) => (length > LIMITS.textLength ? Number.POSITIVE_INFINITY : length);
