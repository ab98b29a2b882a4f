export { createCursors, type Cursors } from './cursor.ts';
export { KeyFileError, loadOrMakeKeyFile } from './key-file.ts';
export { randomSecret, randomTraceId, sha256 } from './digest.ts';
export { createPasswords, MAX_PASSWORD_BYTES, type Passwords } from './passwords.ts';
export { createSealer, isSameSecret, openWith, sealWith, SealError, type Sealer } from './seal.ts';
export { createTokenSigner, generateSigningKey, type SigningKey, type TokenSigner } from './signing.ts';
