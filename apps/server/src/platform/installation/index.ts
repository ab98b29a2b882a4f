export { makePartitions } from './installation.repo.ts';
export {
  checkInstallation,
  followMasterKey,
  INSTALLATION_KEYS,
  sealUnderMasterKey,
  WrongMasterKey,
} from './installation.ts';
