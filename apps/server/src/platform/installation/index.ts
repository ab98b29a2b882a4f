export { checkInstallation, WrongMasterKey } from './installation.ts';
