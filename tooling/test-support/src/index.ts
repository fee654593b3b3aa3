export { describeWithProgram } from './describe-with-program.ts';
