export { ConfigError, decodeMasterKey, endsTls, isLoopbackUrl, parseConfig, type Config } from './config.ts';
export { canonicalAddress, countedAs, isWithin, networkOf } from './cidr.ts';
