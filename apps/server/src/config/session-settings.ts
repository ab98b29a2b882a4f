import { integer, required } from './settings.ts';

/** How long tokens and sessions last (spec S2). */
export const SESSION_SETTINGS = {
  accessTokenMinutes: integer('ACCESS_TOKEN_EXPIRE_MINUTES', {
    min: 1,
    max: 1440,
    defaultText: '15; 60 for bearer clients',
    description: 'Lifetime of access tokens.',
  }),
  refreshTokenDays: required(
    integer('REFRESH_TOKEN_EXPIRE_DAYS', {
      min: 1,
      max: 30,
      default: 7,
      description: 'A session ends when it is not renewed for so long.',
    }),
  ),
  sessionDays: required(
    integer('SESSION_MAX_DAYS', {
      min: 1,
      max: 365,
      default: 30,
      description: 'A session ends after so long, renewed or not.',
    }),
  ),
} as const;
