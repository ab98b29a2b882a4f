export { ConfigError, endsTls, isLoopbackUrl, parseConfig, type Config } from './config.ts';
export { canonicalAddress, canonicalRange, countedAs, isWithin, networkOf } from './cidr.ts';
export { decodeMasterKey } from './master-key.ts';
export { SettingFault } from './schema.ts';
export { resolveReferences, vaultEnvironment } from './references.ts';
export { secretValues } from './secret-values.ts';
