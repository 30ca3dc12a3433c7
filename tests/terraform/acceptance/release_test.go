package acceptance

import (
	"fmt"
	"regexp"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

const (
	address = "steelyard_release.checkout"
	quick   = `
  stages  = [{ weight = 10, bake = "3s" }, { weight = 50, bake = "3s" }]
  verdict = { window = "3s", period = "1s", poll = "1s" }`
)

// config releases the version; more are lines of the resource.
func (s *sandbox) config(version, more string) string {
	return fmt.Sprintf(`
provider "steelyard" {
  region   = "us-east-1"
  endpoint = %q
}

resource "steelyard_release" "checkout" {
  function_name = "checkout"
  alias         = "production"
  version       = %q
%s
}
`, s.url, version, more)
}

// run the steps; afterwards all is destroyed, and the alias must serve the version still.
func (s *sandbox) run(left string, steps ...resource.TestStep) {
	s.t.Helper()
	destroyed := false
	resource.Test(s.t, resource.TestCase{
		ExternalProviders: providers,
		ProviderFactories: s.others,
		Steps:             steps,
		CheckDestroy: func(*terraform.State) error {
			destroyed = true
			return s.serves(left)
		},
	})
	if !destroyed {
		s.t.Error("there was nothing left to destroy")
	}
}

// moved checks the alias writes since the start of the test.
func (s *sandbox) moved(expected ...string) resource.TestCheckFunc {
	return func(*terraform.State) error {
		if moves := s.moves(); !slices.Equal(moves, expected) {
			return fmt.Errorf("the alias was moved so: %q, expected: %q", moves, expected)
		}
		return nil
	}
}

func planned(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

func does(action plancheck.ResourceActionType) plancheck.PlanCheck {
	return plancheck.ExpectResourceAction(address, action)
}

func has(value knownvalue.Check, path string, more ...string) statecheck.StateCheck {
	at := tfjsonpath.New(path)
	for _, key := range more {
		at = at.AtMapKey(key)
	}
	return statecheck.ExpectKnownValue(address, at, value)
}

func text(value string) knownvalue.Check { return knownvalue.StringExact(value) }

func words(pattern string) *regexp.Regexp {
	// Command lines wrap what they say, and draw a frame around it.
	return regexp.MustCompile(`(?s)` + regexp.MustCompile(` +`).ReplaceAllString(pattern, `[\s│]+`))
}

func TestAdoptReleaseImportAndDestroy(t *testing.T) {
	t.Parallel()
	s := startSandbox(t)
	s.run("42",
		resource.TestStep{ // the alias serves 41 already: no move
			Config: s.config("41", quick),
			ConfigPlanChecks: planned(does(plancheck.ResourceActionCreate),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("id"), text("checkout:production")),
				plancheck.ExpectUnknownValue(address, tfjsonpath.New("live_version"))),
			ConfigStateChecks: []statecheck.StateCheck{
				has(text("41"), "live_version"), has(text("41"), "version"),
				has(text("60m"), "lock_in"), has(text("error"), "on_drift"), has(knownvalue.Null(), "retry_token"),
				has(knownvalue.Int64Exact(5), "verdict", "threshold"),
				has(knownvalue.StringRegexp(regexp.MustCompile(`^arn:aws:lambda:us-east-1:\d+:function:checkout:production$`)), "arn"),
			},
			Check: s.moved(),
		},
		resource.TestStep{ // a real canary
			Config: s.config("42", quick),
			ConfigPlanChecks: planned(does(plancheck.ResourceActionUpdate),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("planned_stages"), knownvalue.ListPartial(
					map[int]knownvalue.Check{2: text("100%, lock-in 1h")})),
				plancheck.ExpectKnownValue(address, tfjsonpath.New("arn"), knownvalue.NotNull()),
				plancheck.ExpectUnknownValue(address, tfjsonpath.New("last_release"))),
			ConfigStateChecks: []statecheck.StateCheck{
				has(text("42"), "live_version"), has(text("41"), "previous_version"),
				has(text("42"), "last_release", "version"), has(text("PROMOTED"), "last_release", "outcome"),
				has(knownvalue.ListPartial(map[int]knownvalue.Check{
					0: knownvalue.ObjectPartial(map[string]knownvalue.Check{
						"weight": knownvalue.Int64Exact(10), "decision": text("healthy")}),
					1: knownvalue.ObjectPartial(map[string]knownvalue.Check{
						"weight": knownvalue.Int64Exact(50), "decision": text("healthy")}),
				}), "last_release", "stages"),
			},
			Check: s.moved("41, 42 10%", "41, 42 50%", "42 100%"),
		},
		resource.TestStep{
			Config: s.config("42", quick), PlanOnly: true,
		},
		resource.TestStep{ // settings are the configuration's, and cannot be read from AWS
			ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateId: "checkout:production",
			ImportStateVerifyIgnore: []string{"stages", "verdict", "planned_stages"},
		},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateId: "checkout",
			ExpectError: words(`"checkout" is not FUNCTION:ALIAS`),
		},
		resource.TestStep{ // a destruction moves nothing
			Config: s.config("42", quick), Destroy: true,
			Check: s.moved("41, 42 10%", "41, 42 50%", "42 100%"),
		},
		resource.TestStep{
			Config:           s.config("42", quick),
			ConfigPlanChecks: planned(does(plancheck.ResourceActionCreate)),
			Check:            s.moved("41, 42 10%", "41, 42 50%", "42 100%"),
		})
}

// With the settings' defaults an import needs no exception but the plan's own words.
func TestImportIsComplete(t *testing.T) {
	t.Parallel()
	s := startSandbox(t)
	s.run("41",
		resource.TestStep{Config: s.config("41", "")},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateVerify: true, ImportStateId: "checkout:production",
			ImportStateVerifyIgnore: []string{"planned_stages"},
		},
		resource.TestStep{
			ResourceName: address, ImportState: true, ImportStateId: "checkout:production",
			ImportStateKind: resource.ImportBlockWithID,
		})
}

func TestRolledBack(t *testing.T) {
	t.Parallel()
	s := startSandbox(t)
	fails := words(`Version 43 was rolled back.*error rate .* exceeds 5%.*production is at 41 100%.*` +
		`Outcome: ROLLED_BACK.*10% .* unhealthy`)
	s.run("44",
		resource.TestStep{Config: s.config("43", quick), ExpectError: fails},
		resource.TestStep{ // what could not be created is not in state: nothing to replace
			Config:           s.config("41", quick),
			ConfigPlanChecks: planned(does(plancheck.ResourceActionCreate)),
			Check:            s.moved("41, 43 10%", "41 100%"),
		},
		resource.TestStep{Config: s.config("43", quick), ExpectError: words(`The version cannot be released.*version 43 was rolled back on checkout:production before.*another retry_token`)},
		resource.TestStep{
			Config:      s.config("43", quick+"\n  retry_token = \"once more\""),
			ExpectError: fails,
		},
		resource.TestStep{ // what was live is in state, so the next plan tells what is open
			Config:             s.config("43", quick+"\n  retry_token = \"twice more\""),
			PlanOnly:           true,
			ExpectNonEmptyPlan: true,
			ConfigPlanChecks: resource.ConfigPlanChecks{
				PostApplyPreRefresh: []plancheck.PlanCheck{does(plancheck.ResourceActionUpdate)},
			},
		},
		resource.TestStep{
			Config:           s.config("44", quick),
			ConfigPlanChecks: planned(does(plancheck.ResourceActionUpdate)),
			ConfigStateChecks: []statecheck.StateCheck{
				has(text("44"), "live_version"), has(text("41"), "previous_version"), has(text("PROMOTED"), "last_release", "outcome"),
			},
			Check: s.moved("41, 43 10%", "41 100%", "41, 43 10%", "41 100%", "41, 44 10%", "41, 44 50%", "44 100%"),
		})
}

func TestDrift(t *testing.T) {
	t.Parallel()
	s := startSandbox(t)
	s.run("42",
		resource.TestStep{Config: s.config("41", quick)},
		resource.TestStep{
			PreConfig:   func() { s.move("44") },
			Config:      s.config("41", quick),
			ExpectError: words(`The alias was moved outside of Terraform.*left on version 41 and is on version 44 now`),
		},
		resource.TestStep{ // taken back, by canary
			Config:           s.config("41", quick+"\n  on_drift = \"release\""),
			ConfigPlanChecks: planned(does(plancheck.ResourceActionUpdate)),
			ConfigStateChecks: []statecheck.StateCheck{
				has(text("41"), "live_version"), has(text("44"), "previous_version"),
			},
			Check: s.moved("44 100%", "44, 41 10%", "44, 41 50%", "41 100%"),
		},
		resource.TestStep{ // or left there, and told
			PreConfig: func() { s.move("42") },
			Config:    s.config("41", quick+"\n  on_drift = \"adopt\""),
			ConfigStateChecks: []statecheck.StateCheck{
				has(text("41"), "version"), has(text("42"), "live_version"),
			},
			Check: s.moved("44 100%", "44, 41 10%", "44, 41 50%", "41 100%", "42 100%"),
		})
}

func TestInvalidConfiguration(t *testing.T) {
	t.Parallel()
	s := startSandbox(t)
	refused := func(more, pattern string) resource.TestStep {
		return resource.TestStep{Config: s.config("41", more), PlanOnly: true, ExpectError: words(pattern)}
	}
	s.run("41",
		refused(`  stages = [{ weight = 50, bake = "3s" }, { weight = 10, bake = "3s" }]`, `in resource "steelyard_release" "checkout".*weight 10% of stage 2 is not above the one before it`),
		refused(`  on_drift = "ignore"`, `on_drift: "ignore" is not known; use one of error, adopt, release`),
		refused(`  lock_in = "soon"`, `"soon" is not a duration`),
		resource.TestStep{Config: s.config("41", quick)},
		resource.TestStep{
			Config:      s.config("45", quick),
			ExpectError: words(`The version cannot be released.*version 45 of function checkout does not exist`),
		})
}
