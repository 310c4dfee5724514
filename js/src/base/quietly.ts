/**
 * Whether `attempt` went well.
 *
 * A front end throws at whoever speaks to a kernel whose connection is gone, as it is when
 * a notebook is closed or its kernel shut down. Who looks at the widget is told by `watchKernel`.
 */
export function quietly(attempt: () => void): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}
