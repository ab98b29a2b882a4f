export {
  type CertificateFiles,
  readCertificateFiles,
  type ServerCertificate,
} from './certificate-files.ts';
export { developmentCertificate } from './development-certificate.ts';
export { followCertificate } from './follow-certificate.ts';
