import { integer, required } from './settings.ts';

/** What is written down, and for how long. */
export const AUDIT_SETTINGS = {
  readDecisionSample: required(
    integer('DECISION_LOG_READ_SAMPLE', {
      min: 0,
      max: 1_000_000,
      default: 100,
      description: 'One permitted read in so many goes to the decision log; 0 for none. Changes always do.',
    }),
  ),
  auditRetentionMinimumDays: required(
    integer('AUDIT_RETENTION_MINIMUM_DAYS', {
      min: 1,
      max: 36_500,
      default: 365,
      description:
        'No tenant can have its audit records removed sooner, whatever it sets; without a setting of its own it keeps them for good.',
    }),
  ),
} as const;
