export { type CatalogFile, readCatalogFile, registerForOperator } from './catalog-file.ts';
export { catalogRoutes } from './catalog.routes.ts';
export { loadRegistered } from './registered.ts';
