export { ConfigError, decodeMasterKey, isLoopbackUrl, parseConfig, type Config } from './config.ts';
export { canonicalAddress, countedAs, isWithin } from './cidr.ts';
