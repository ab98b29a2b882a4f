export {
  createOneTimeTokens,
  type OneTimeTokens,
  type Purpose,
  type SpentToken,
  tenantOfToken,
} from './one-time-tokens.ts';
