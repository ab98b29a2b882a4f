export {
  createOneTimeTokens,
  type OneTimeTokens,
  type Purpose,
  type SpentToken,
  TOKEN_PAYLOADS,
  tenantOfToken,
} from './one-time-tokens.ts';
