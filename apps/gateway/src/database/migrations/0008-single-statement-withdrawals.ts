/** Ends a statement that made a withdrawal twice, and undoes what it did. Expected: the caller knows the code. */
export const singleStatementWithdrawals = [
  `CREATE FUNCTION raise_duplicate() RETURNS boolean LANGUAGE plpgsql AS
     $$ BEGIN RAISE EXCEPTION 'the withdrawal exists' USING ERRCODE = 'CPG01'; END $$`,
];
