export { ConfigError, decodeMasterKey, isLoopbackUrl, parseConfig, type Config } from './config.ts';
export { canonicalAddress, isWithin } from './cidr.ts';
