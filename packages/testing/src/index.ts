export { createFakeClock, type FakeClock } from './fake-clock.ts';
export { startVault, type TestVault } from './vault.ts';
