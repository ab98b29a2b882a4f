export { createFakeClock, type FakeClock } from './fake-clock.ts';
export { startVault, type TestVault } from './vault.ts';
export {
  type GatehouseDouble,
  keyDouble,
  type KeyDouble,
  signDouble,
  startGatehouseDouble,
} from './gatehouse-double.ts';
export {
  CALLERS,
  type Demand,
  expectedStatus,
  type MatrixCaller,
  type MatrixRoute,
  mutationsOf,
  ROUTES,
  WAYS,
} from './access-matrix.ts';
