export {
  createOneTimeTokens,
  type OneTimeTokens,
  type Purpose,
  type SpentToken,
  TOKEN_PAYLOADS,
  tenantOfToken,
  tokenWith,
} from './one-time-tokens.ts';
