export { type SecretSource, SecretSourceError } from './secret-source.ts';
export { createVaultSource, type VaultSettings } from './vault.ts';
