export { makePartitions } from './installation.repo.ts';
export { checkInstallation, WrongMasterKey } from './installation.ts';
