import { flightMachine } from 'coalescer/machines';

export { flightEvents } from 'coalescer/machines';
export const FLIGHT: string = flightMachine.id;
