export { application } from './application.ts';
export { library } from './library.ts';
