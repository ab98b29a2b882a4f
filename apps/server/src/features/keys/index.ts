export { algorithmOf, replaceSigningKeys, type Rotation, rotateSigningKey } from './key-life.ts';
export { createKeyWatch } from './key-watch.ts';
export { keysRoutes } from './keys.routes.ts';
export { listSigningKeys } from './list-signing-keys.ts';
export { rotateMasterKey } from './rotate-master.ts';
export { createSigningKeys, type SigningKeys } from './signing-keys.ts';
