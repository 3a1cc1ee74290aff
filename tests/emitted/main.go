// Reads a piece that `serinus plan --emit` wrote with the own types of the tool that it is for, and refuses every field
// that the tool does not know. The types come from the tools' published modules at the time of the check.
//
//	emitted argo-steps|flagger|istio FILE
package main

import (
	"encoding/json"
	"fmt"
	"os"

	argo "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	flagger "github.com/fluxcd/flagger/pkg/apis/flagger/v1beta1"
	"google.golang.org/protobuf/encoding/protojson"
	istio "istio.io/api/networking/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) != 3 {
		fail("usage: emitted argo-steps|flagger|istio FILE")
	}
	text, err := os.ReadFile(os.Args[2])
	if err != nil {
		fail(err)
	}
	checks := map[string]func([]byte) (int, error){"argo-steps": argoSteps, "flagger": flaggerAnalysis, "istio": istioRoutes}
	check, known := checks[os.Args[1]]
	if !known {
		fail("no check for " + os.Args[1])
	}
	pieces, err := check(text)
	if err != nil {
		fail(err)
	}
	if pieces == 0 {
		fail("nothing was emitted")
	}
	fmt.Printf("%s: %d pieces are read by the tool's own types\n", os.Args[1], pieces)
}

func fail(why any) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}

// The value of spec.strategy.canary.steps of a Rollout.
func argoSteps(text []byte) (int, error) {
	var steps []argo.CanaryStep
	if err := yaml.UnmarshalStrict(text, &steps); err != nil {
		return 0, err
	}
	for i, step := range steps {
		switch {
		case step.SetWeight != nil && (*step.SetWeight < 0 || *step.SetWeight > 100):
			return 0, fmt.Errorf("step %d: weight %d", i, *step.SetWeight)
		case step.Pause != nil && step.Pause.DurationSeconds() < 0:
			return 0, fmt.Errorf("step %d: a pause that cannot be read: %v", i, step.Pause.Duration)
		case step.SetWeight == nil && step.Pause == nil:
			return 0, fmt.Errorf("step %d does nothing", i)
		}
	}
	return len(steps), nil
}

// The key analysis of a Canary's spec.
func flaggerAnalysis(text []byte) (int, error) {
	var spec struct {
		Analysis flagger.CanaryAnalysis `json:"analysis"`
	}
	if err := yaml.UnmarshalStrict(text, &spec); err != nil {
		return 0, err
	}
	canary := flagger.Canary{Spec: flagger.CanarySpec{Analysis: &spec.Analysis}}
	if canary.GetAnalysisInterval() <= 0 {
		return 0, fmt.Errorf("interval %q", spec.Analysis.Interval)
	}
	return len(spec.Analysis.StepWeights), nil
}

// A list of stages, each with the routes of one HTTPRoute of a VirtualService.
func istioRoutes(text []byte) (int, error) {
	var stages []struct {
		Route json.RawMessage `json:"route"`
	}
	if err := json.Unmarshal(text, &stages); err != nil {
		return 0, err
	}
	for i, stage := range stages {
		var route istio.HTTPRoute
		wrapped := append(append([]byte(`{"route":`), stage.Route...), '}')
		// Unlike the API machinery, protojson refuses unknown fields.
		if err := protojson.Unmarshal(wrapped, &route); err != nil {
			return 0, fmt.Errorf("stage %d: %w", i, err)
		}
		total := int32(0)
		for _, destination := range route.Route {
			total += destination.Weight
		}
		if total != 100 {
			return 0, fmt.Errorf("stage %d: weights sum to %d", i, total)
		}
	}
	return len(stages), nil
}
