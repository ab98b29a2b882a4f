export { createOneTimeTokens, type OneTimeTokens, tenantOfToken } from './one-time-tokens.ts';
