// Runs packaging/aws/ssm-claim.yaml in the simulator of @cdklabs/cdk-ssm-documents:
//   node ssm.js PACKAGES DOCUMENT INPUTS-AS-JSON DECISIONS INVOKE-COMMAND...
// DECISIONS has a letter for each person who is asked, y or n. The command invokes the function.
// Its last line on standard output says what came of it, as JSON.
const fs = require('fs');
const { spawnSync } = require('child_process');
const [packages, file, inputs, decisions, ...command] = process.argv.slice(2);
const load = (name) => require(require.resolve(name, { paths: [packages, `${packages}/@cdklabs/cdk-ssm-documents`] }));
const ssm = load('@cdklabs/cdk-ssm-documents');
const { Stack } = load('aws-cdk-lib');
const yaml = load('js-yaml');

const asked = [];
const events = [];
const approveHook = {
  ask: (approver) => {
    asked.push(approver);
    return decisions[asked.length - 1] === 'y';
  },
};
const awsInvoker = {
  invoke: ({ awsApi, awsParams }) => {
    if (awsApi !== 'invoke' && awsApi !== 'Invoke') throw new Error(`unexpected call ${awsApi}`);
    events.push(JSON.parse(awsParams.Payload));
    const done = spawnSync(command[0], command.slice(1), { input: awsParams.Payload, encoding: 'utf8' });
    if (done.status !== 0) throw new Error(done.stderr);
    return JSON.parse(done.stdout);
  },
};

// Its reader of documents knows no aws:invokeLambdaFunction, and takes no list of approvers from a
// parameter, but it has both steps: these are put together here, of what the document says.
const told = yaml.load(fs.readFileSync(file, 'utf8'));
const stack = new Stack();
const names = (text) => [...text.matchAll(/{{ *([A-Za-z.]+) *}}/g)].map((found) => found[1]);
const filled = (text, values) => text.replace(/{{ *([A-Za-z.]+) *}}/g, (_, name) => values[name]);
class Payload extends ssm.HardCodedStringMap {
  resolve(values) {
    return Object.fromEntries(Object.entries(this.val).map(([name, text]) => [name, filled(text, values)]));
  }
  resolveToStringMap(values) {
    return this.resolve(values);
  }
  requiredInputs() {
    return Object.values(this.val).flatMap(names);
  }
}
const only = (step, ...known) => {
  const unknown = Object.keys(step.inputs).filter((name) => !known.includes(name));
  if (unknown.length) throw new Error(`unknown inputs ${unknown}`);
};
const document = new ssm.AutomationDocument(stack, 'Document', {
  ...ssm.StringDocument.toDocProps('Document', told),
  documentFormat: ssm.DocumentFormat.YAML,
  docOutputs: [],
});
for (const step of told.mainSteps) {
  if (step.action === 'aws:invokeLambdaFunction') {
    only(step, 'FunctionName', 'InputPayload');
    document.addStep(new ssm.InvokeLambdaFunctionStep(stack, step.name, {
      name: step.name,
      functionName: ssm.StringVariable.of(names(step.inputs.FunctionName)[0]),
      payload: new Payload(step.inputs.InputPayload),
    }));
  } else if (step.action === 'aws:approve') {
    only(step, 'Approvers', 'MinRequiredApprovals', 'Message');
    document.addStep(new ssm.ApproveStep(stack, step.name, {
      name: step.name,
      approvers: ssm.StringListVariable.of(names(step.inputs.Approvers)[0]),
      minRequiredApprovals: ssm.HardCodedNumber.of(step.inputs.MinRequiredApprovals),
    }));
  } else {
    document.addStep(ssm.StringStep.fromObject(stack, step));
  }
}
const result = ssm.Simulation.ofAutomation(document, {
  approveHook, awsInvoker, sleepHook: new ssm.MockSleep(),
}).simulate(JSON.parse(inputs));
console.log('\n' + JSON.stringify({ ...result, asked, events, simulationSteps: undefined }));
