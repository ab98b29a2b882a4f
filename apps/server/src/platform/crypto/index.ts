export { readCertificate } from './certificate.ts';
export { canonicalJson } from './canonical-json.ts';
export { createCursors, type Cursors } from './cursor.ts';
export {
  randomSecret,
  randomText,
  randomTraceId,
  sha1ForRangeService,
  sha256,
  sha256InParts,
} from './digest.ts';
export {
  appendLeaf,
  childrenOf,
  type CompactRange,
  consistencyRanges,
  foldRight,
  inclusionRanges,
  isConsistent,
  isIncluded,
  leafHash,
  parentHash,
  perfectNodes,
  rootOf,
  type TreeNode,
} from './merkle.ts';
export { HashFault, readStoredHash } from './stored-hash.ts';
export { createPasswords, type Passwords } from './passwords.ts';
export {
  type BlindIndex,
  createBlindIndex,
  createSealer,
  isSameSecret,
  keyIdOf,
  openWith,
  type SealingKey,
  sealingKey,
  sealWith,
  SealError,
  type Sealer,
} from './seal.ts';
export type { SealedColumn } from './sealed-column.ts';
export { openStream, SealedStreamCut, sealStream } from './sealed-stream.ts';
export {
  createNoteSigner,
  generateNoteKey,
  type NoteSigner,
  openNote,
  readPublicPem,
  readVerifierKey,
  verifierKey,
} from './signed-note.ts';
export {
  type ActiveKey,
  type Claims,
  createTokenSigner,
  generateSigningKey,
  type KeySet,
  openSigningKey,
  type SigningKey,
  type TokenSigner,
} from './signing.ts';
export { describeTotp, newTotpSecret, totpStepOf } from './totp.ts';
export {
  challengeIn,
  NOBODYS_PASSKEY,
  PASSKEY_ALGORITHMS,
  type PasskeyKey,
  verifyNewPasskey,
  verifyPasskeyAnswer,
} from './webauthn.ts';
