import type { ColumnType } from 'kysely';

/** A NUMERIC: strings only, in and out, so that no JavaScript number ever holds an amount. */
export type Amount = string;

/** A column that is written with its row and never changed. */
export type WriteOnce<T> = ColumnType<T, T, never>;
