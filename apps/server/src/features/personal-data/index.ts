export {
  consentsForOperator,
  eraseForOperator,
  exportForOperator,
  type PersonGiven,
  withdrawForOperator,
} from './for-operator.ts';
export { ownDataRoutes, personalDataRoutes } from './personal-data.routes.ts';
