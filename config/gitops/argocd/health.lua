-- How Argo CD decides that a TenantBot or a BotFleet is well. It goes by what kstatus goes by
-- (observedGeneration, Reconciling, Stalled, Ready), and tells a suspended bot from a broken one.
local status = obj.status or {}

local function condition(kind)
  for _, found in ipairs(status.conditions or {}) do
    if found.type == kind then return found end
  end
  return { status = "Unknown", message = "" }
end

if status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "The operator has not seen the newest spec yet." }
end
if condition("Stalled").status == "True" then
  return { status = "Degraded", message = condition("Stalled").message }
end
if status.phase == "Suspended" then
  return { status = "Suspended", message = condition("Ready").message }
end
if condition("Reconciling").status == "True" then
  return { status = "Progressing", message = condition("Reconciling").message }
end
if condition("Ready").status == "True" then
  return { status = "Healthy", message = condition("Ready").message }
end
return { status = "Progressing", message = condition("Ready").message }
